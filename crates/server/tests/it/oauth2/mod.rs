mod about_tokens;
mod authorize;
mod token;
