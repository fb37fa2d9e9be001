mod about_tokens;
mod authorize;
mod documents;
mod logout;
mod par;
mod register;
mod token;
