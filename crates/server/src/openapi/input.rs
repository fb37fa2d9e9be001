//! What a handler takes, described by the types of its arguments: an extractor that does not say what it reads and how
//! it refuses can't be an argument.

use super::Operation;
use crate::app::App;
use axum::extract::State;

/// An extractor that tells what it reads of a request, and with which errors it refuses.
pub(crate) trait Input {
    /// Adds that to the operation.
    fn describe(operation: &mut Operation);
}

/// All the arguments of a handler, as axum's `Handler` names them.
pub(crate) trait Inputs {
    /// Adds what they read to the operation.
    fn describe(operation: &mut Operation);
}

impl Input for State<App> {
    fn describe(_: &mut Operation) {}
}

/// A handler without arguments.
impl Inputs for ((),) {
    fn describe(_: &mut Operation) {}
}

// The first of the tuple is axum's mark of how the last argument reads.
macro_rules! inputs {
    ($($input:ident),+) => {
        impl<Mark, $($input: Input),+> Inputs for (Mark, $($input,)+) {
            fn describe(operation: &mut Operation) {
                $($input::describe(operation);)+
            }
        }
    };
}

inputs!(A);
inputs!(A, B);
inputs!(A, B, C);
inputs!(A, B, C, D);
inputs!(A, B, C, D, E);
inputs!(A, B, C, D, E, F);
