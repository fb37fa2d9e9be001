//! Routes that can't be without their description.

use super::{Inputs, Operation};
use crate::app::App;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::openapi::HttpMethod;

/// The routes, for axum and for the document.
pub(crate) struct Routes {
    pub(super) router: Router<App>,
    pub(super) described: Vec<Described>,
}

/// One path by its methods.
#[derive(Default)]
pub(crate) struct Methods {
    router: MethodRouter<App>,
    described: Vec<(HttpMethod, [Describe; 2])>,
}

/// What the document tells of one route, written when the document is asked for.
pub(super) struct Described {
    pub(super) path: &'static str,
    pub(super) method: HttpMethod,
    /// What the handler's arguments say, then what stands beside the handler.
    pub(super) describe: [Describe; 2],
}

pub(super) type Describe = fn(&mut Operation);

/// Lines of `"/path" => method module::handler;`. Beside each handler, `module::docs::handler` describes it.
macro_rules! routes {
    ($($path:literal => $($method:ident $module:ident::$handler:ident),+;)+) => {
        $crate::openapi::Routes::new()
            $(.path($path, $crate::openapi::Methods::default()$(.$method($module::$handler, $module::docs::$handler))+))+
    };
}
pub(crate) use routes;

impl Routes {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), described: Vec::new() }
    }

    /// Adds a path.
    pub(crate) fn path(mut self, path: &'static str, methods: Methods) -> Self {
        self.router = self.router.route(path, methods.router);
        let described = methods.described.into_iter();
        self.described.extend(described.map(|(method, describe)| Described { path, method, describe }));
        self
    }
}

macro_rules! methods {
    ($($name:ident: $filter:ident, $method:ident;)*) => {
        impl Methods {
            $(
                /// Adds a handler for this method.
                pub(crate) fn $name<H: Handler<T, App>, T: Inputs + 'static>(self, handler: H, docs: Describe) -> Self {
                    let Self { router, mut described } = self;
                    described.push((HttpMethod::$method, [T::describe, docs]));
                    Self { router: router.merge(on(MethodFilter::$filter, handler)), described }
                }
            )*
        }
    };
}

methods! {
    get: GET, Get;
    post: POST, Post;
    put: PUT, Put;
    delete: DELETE, Delete;
}
