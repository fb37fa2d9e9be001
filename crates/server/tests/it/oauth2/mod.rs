mod about_tokens;
mod authorize;
mod documents;
mod register;
mod token;
