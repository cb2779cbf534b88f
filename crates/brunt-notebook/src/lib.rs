//! Markdown notebooks of SQL to terminal, Markdown and HTML.
