//! What people call an app.
