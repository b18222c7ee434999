//! Asks for something on the terminal that the terminal must not show.
//!
//! The library that reads it shows the prompt first and hides what is typed after that. Whoever answers at once, such as a program
//! that types for a person, would be shown. So on Unix nothing is shown from before the first prompt until the value is
//! dropped, also between two prompts. Ctrl-C at a prompt would end the process with the terminal as it is, so that it is an error
//! instead, after which the terminal is as before.

use std::io;

use secrecy::SecretString;

/// A terminal that does not show what is typed until this is dropped.
pub(super) struct HiddenInput {
    #[cfg(unix)]
    _hidden: unix::Hidden,
}

impl HiddenInput {
    /// Hides what is typed on the terminal of this process.
    ///
    /// # Errors
    /// If it has no terminal.
    pub(super) fn start() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            _hidden: unix::Hidden::start()?,
        })
    }

    /// Shows the prompt, and reads a line.
    ///
    /// # Errors
    /// If the terminal cannot be read, or the person interrupts.
    pub(super) fn ask(&self, prompt: &str) -> io::Result<SecretString> {
        rpassword::prompt_password(prompt).map(SecretString::from)
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// What a shell reports for a process that SIGINT has ended.
    const INTERRUPTED: i32 = 130;

    /// The terminal, and the settings that it gets back.
    pub(super) struct Hidden {
        terminal: File,
        before: Termios,
        /// As long as this exists, SIGINT does not end the process.
        interrupts: Option<Signal>,
    }

    impl Hidden {
        pub(super) fn start() -> io::Result<Self> {
            let terminal = File::open("/dev/tty")?;
            let before = tcgetattr(&terminal)?;
            let interrupts = signal(SignalKind::interrupt())?;
            let mut hidden = before.clone();
            // Without signals, Ctrl-C is read at the prompt, however early it is typed.
            hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
            tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
            Ok(Self { terminal, before, interrupts: Some(interrupts) })
        }
    }

    impl Drop for Hidden {
        fn drop(&mut self) {
            // If that fails, the terminal is gone.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
            // Once SIGINT was handled in this process, it no longer ends it, so that this has to be done here.
            if let Some(mut interrupts) = self.interrupts.take() {
                tokio::spawn(async move {
                    interrupts.recv().await;
                    std::process::exit(INTERRUPTED);
                });
            }
        }
    }
}
