//! The cable: net clients, the ordered and bounded queue between them, hubs and filters.
#![forbid(unsafe_code)]
