mod about_tokens;
mod token;
