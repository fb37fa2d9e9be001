//! A bounded queue between whoever asks and the threads that own the connections.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What waits, first come, first served.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    waiting_max: usize,
}

/// Why something was not taken in; it was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

/// Empties and closes the queue when its thread ends, however: nobody shall wait for an answer that can't come.
pub(crate) struct AbandonOnDrop<'a, T>(pub(crate) &'a Queue<T>);

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    /// A queue in which `waiting_max` may wait.
    pub(crate) fn new(waiting_max: usize) -> Self {
        let state = State { waiting: VecDeque::new(), closed: false };
        Self { state: Mutex::new(state), arrived: Condvar::new(), waiting_max }
    }

    /// How many may wait.
    pub(crate) fn waiting_max(&self) -> usize {
        self.waiting_max
    }

    /// How many wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Lets `item` wait, if there is room.
    pub(crate) fn push(&self, item: T) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.waiting.len() >= self.waiting_max {
            return Err(Refused::Full);
        }
        state.waiting.push_back(item);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits until something is there, and moves at most `max` of it to `taken`. False: closed, and nothing is left.
    pub(crate) fn take(&self, max: usize, taken: &mut Vec<T>) -> bool {
        let state = self.lock();
        let waiting = self.arrived.wait_while(state, |state| state.waiting.is_empty() && !state.closed);
        let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
        let count = state.waiting.len().min(max);
        taken.extend(state.waiting.drain(..count));
        count > 0
    }

    /// Takes nothing more in; what waits is still served.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Nothing that holds the lock can leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for AbandonOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0.close();
        let left = std::mem::take(&mut self.0.lock().waiting);
        drop(left); // outside the lock: it wakes those who wait
    }
}

#[cfg(test)]
mod tests {
    use super::{AbandonOnDrop, Queue, Refused};

    #[test]
    fn one_too_many_is_refused() {
        let queue = Queue::new(2);
        assert_eq!((queue.push(1), queue.push(2), queue.push(3)), (Ok(()), Ok(()), Err(Refused::Full)));
        let mut taken = Vec::new();
        assert!(queue.take(1, &mut taken) && taken == [1]);
        assert_eq!(queue.push(3), Ok(()));
    }

    #[test]
    fn what_waits_when_it_is_closed_is_still_served() {
        let (queue, mut taken) = (Queue::new(2), Vec::new());
        queue.push(1).unwrap();
        queue.close();
        assert_eq!(queue.push(2), Err(Refused::Closed));
        assert!(queue.take(9, &mut taken) && taken == [1]);
        assert!(!queue.take(9, &mut taken));
    }

    #[test]
    fn nobody_waits_for_a_thread_that_died() {
        let queue = Queue::new(2);
        let (answer, asked) = std::sync::mpsc::channel::<()>();
        queue.push(answer).unwrap();
        drop(AbandonOnDrop(&queue));
        assert!(asked.recv().is_err());
    }
}
