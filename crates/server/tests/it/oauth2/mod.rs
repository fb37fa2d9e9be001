mod about_tokens;
mod authorize;
mod documents;
mod logout;
mod register;
mod token;
