mod authorize;
mod token;
