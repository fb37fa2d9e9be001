mod about_tokens;
mod attacks;
mod authorize;
mod documents;
mod logout;
mod register;
mod standards;
mod token;
