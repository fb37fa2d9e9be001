//! Requests that take turns, without a runtime: the store waits once before each of its operations, so one poll of a
//! request carries out exactly one of them, and whoever polls decides the interleaving.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Waits once: pending at the first look, ready at the second.
#[derive(Default)]
pub(crate) struct Turn {
    waited: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.waited {
            return Poll::Ready(());
        }
        self.waited = true;
        Poll::Pending
    }
}

/// Runs one request alone, to its end.
pub(crate) fn alone<F: Future>(request: F) -> F::Output {
    let mut request = pin!(request);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(answer) = request.as_mut().poll(&mut context) {
            return answer;
        }
    }
}

/// Runs requests together: `order` names, turn after turn, which of those still running goes on; when it is used up
/// they take turns in rotation. Answers come in the order in which they were finished, each with its request's number.
pub(crate) fn together<F: Future>(requests: Vec<F>, order: &[usize]) -> Vec<(usize, F::Output)> {
    let mut running: Vec<_> = requests.into_iter().map(Box::pin).enumerate().collect();
    let mut context = Context::from_waker(Waker::noop());
    let mut answers = Vec::new();
    let mut order = order.iter().copied().chain(0..);
    while !running.is_empty() {
        let at = order.next().unwrap_or_default() % running.len();
        let (number, request) = &mut running[at];
        if let Poll::Ready(answer) = request.as_mut().poll(&mut context) {
            answers.push((*number, answer));
            running.remove(at);
        }
    }
    answers
}
