//! What somebody does to people in the admin center.

use std::sync::Arc;

use hobbs_tenant::{Access, Tenant, TenantError, TenantOptions};

use crate::clock::TenantClock;

/// Something that is done to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The license is taken away.
    TakeLicense,
    /// And given back, or to somebody who had none.
    GiveLicense,
    /// The account is disabled.
    Disable,
    /// The user is deleted.
    Delete,
    /// The user goes to another department.
    Move,
}

impl Deed {
    /// Every deed; licenses move more often than people leave.
    pub const ALL: [Self; 7] = [
        Self::TakeLicense,
        Self::TakeLicense,
        Self::GiveLicense,
        Self::GiveLicense,
        Self::Disable,
        Self::Delete,
        Self::Move,
    ];
}

/// Something that is done to one user, by their place in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// To whom.
    pub user: u32,
    /// What.
    pub deed: Deed,
}

impl Act {
    /// Does it, now.
    pub fn perform(&self, tenant: &Tenant) {
        let facts = tenant.user_facts(self.user);
        match self.deed {
            // Who is not there, or a guest, has no license to give or take.
            _ if facts.access == Access::Deleted => {}
            Deed::TakeLicense => tenant.remove_license(self.user),
            Deed::GiveLicense => tenant.give_license_back(self.user),
            Deed::Disable => tenant.disable_account(self.user),
            Deed::Delete => tenant.delete_user(self.user),
            Deed::Move => {
                tenant.move_department(self.user, "Sales");
            }
        }
    }
}

/// All that was done so far, and when, in true UTC milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Diary(Vec<(i64, Act)>);

impl Diary {
    /// Notes what is done now.
    pub fn note(&mut self, at_ms: i64, act: Act) {
        self.0.push((at_ms, act));
    }

    /// A tenant in which all this was done.
    ///
    /// # Errors
    /// As [`Tenant::new`].
    pub fn tenant(
        &self,
        options: &TenantOptions,
        clock: &TenantClock,
    ) -> Result<Arc<Tenant>, TenantError> {
        let own = clock.clone();
        let tenant = Tenant::new(options.clone(), Arc::new(move || own.now_ms()))?;
        for (at_ms, act) in &self.0 {
            clock.hold(*at_ms);
            act.perform(&tenant);
        }
        clock.let_go();
        Ok(Arc::new(tenant))
    }
}
