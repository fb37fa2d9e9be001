mod about_tokens;
mod authorize;
mod logout;
mod token;
