//! Sequences: one space for the whole relay, handed out in blocks.
