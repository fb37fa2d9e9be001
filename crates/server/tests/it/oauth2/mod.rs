mod about_tokens;
mod authorize;
mod par;
mod token;
