//! The ports of the engine as one trait.

use super::{Clock, Directory, LeaseStore, Secrets, Sessions, VendorApi};

/// The ports of the engine as one trait, which the engine is generic over.
pub trait World: Sync {
    /// The accounts of the organization.
    type Directory: Directory;
    /// Assumes access roles.
    type Sessions: Sessions;
    /// Configuration, external IDs and keys.
    type Secrets: Secrets;
    /// The leases of accounts.
    type LeaseStore: LeaseStore;
    /// The APIs of vendors.
    type VendorApi: VendorApi;
    /// The time.
    type Clock: Clock;

    /// The accounts of the organization.
    fn directory(&self) -> &Self::Directory;
    /// Assumes access roles.
    fn sessions(&self) -> &Self::Sessions;
    /// Where configuration and external IDs are kept.
    fn secrets(&self) -> &Self::Secrets;
    /// The leases of accounts.
    fn leases(&self) -> &Self::LeaseStore;
    /// The APIs of vendors.
    fn vendors(&self) -> &Self::VendorApi;
    /// The time.
    fn clock(&self) -> &Self::Clock;
}

/// Separate ports, combined.
#[derive(Debug, Clone)]
pub struct Ports<D, S, X, K, R, C> {
    /// The accounts of the organization.
    pub directory: D,
    /// Assumes access roles.
    pub sessions: S,
    /// Where configuration and external IDs are kept.
    pub secrets: X,
    /// The leases of accounts.
    pub leases: K,
    /// The APIs of vendors.
    pub vendors: R,
    /// The time.
    pub clock: C,
}

/// One value that implements every port, such as the simulated organization.
pub type Whole<P> = Ports<P, P, P, P, P, P>;

impl<P: Clone> From<P> for Whole<P> {
    fn from(all: P) -> Self {
        let [directory, sessions, secrets, leases, vendors] = [(); 5].map(|()| all.clone());
        Self { directory, sessions, secrets, leases, vendors, clock: all }
    }
}

impl<D: Directory, S: Sessions, X: Secrets, K: LeaseStore, R: VendorApi, C: Clock> World for Ports<D, S, X, K, R, C> {
    type Directory = D;
    type Sessions = S;
    type Secrets = X;
    type LeaseStore = K;
    type VendorApi = R;
    type Clock = C;

    fn directory(&self) -> &D {
        &self.directory
    }

    fn sessions(&self) -> &S {
        &self.sessions
    }

    fn secrets(&self) -> &X {
        &self.secrets
    }

    fn leases(&self) -> &K {
        &self.leases
    }

    fn vendors(&self) -> &R {
        &self.vendors
    }

    fn clock(&self) -> &C {
        &self.clock
    }
}

impl<W: World> World for &W {
    type Directory = W::Directory;
    type Sessions = W::Sessions;
    type Secrets = W::Secrets;
    type LeaseStore = W::LeaseStore;
    type VendorApi = W::VendorApi;
    type Clock = W::Clock;

    fn directory(&self) -> &W::Directory {
        W::directory(self)
    }

    fn sessions(&self) -> &W::Sessions {
        W::sessions(self)
    }

    fn secrets(&self) -> &W::Secrets {
        W::secrets(self)
    }

    fn leases(&self) -> &W::LeaseStore {
        W::leases(self)
    }

    fn vendors(&self) -> &W::VendorApi {
        W::vendors(self)
    }

    fn clock(&self) -> &W::Clock {
        W::clock(self)
    }
}
