mod about_tokens;
mod attacks;
mod authorize;
mod standards;
mod token;
