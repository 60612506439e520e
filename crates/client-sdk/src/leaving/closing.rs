//! Closing, object by object.
