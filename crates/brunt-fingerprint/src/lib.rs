//! Error text and stacks to a stable error group; message templates.
