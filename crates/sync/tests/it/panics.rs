//! A fault of hobbs' own in the middle of a run.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::{Transport, TransportError};
use hobbs_tenant::{Access, Answer, TenantOptions, Volume};
use http::header::AUTHORIZATION;
use http::{Request, Response};

use crate::compare::compare;
use crate::in_process::{World, failed_ids};

/// Panics over the second page of one user, and says all that it has at hand: the token, and the texts.
struct Panicking {
    tenant: Arc<hobbs_tenant::Tenant>,
    user_id: String,
}

#[async_trait]
impl Transport for Panicking {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path_and_query().unwrap().to_string();
        let token = request.headers().get(AUTHORIZATION).cloned();
        let Answer::Whole(response) = self.tenant.answer(request).await else {
            panic!("this tenant has no faults");
        };
        if path.contains(&format!("/{}/interactionHistory", self.user_id)) && path.contains("skip")
        {
            panic!("{token:?} {:?}", response.body());
        }
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_panics_ends_alone_and_tells_nothing() {
    let world = World::new(
        TenantOptions {
            users: 12,
            volume: Volume::Total(4_000),
            ..TenantOptions::default()
        }
        .frozen(),
    );
    let victim = (0..world.tenant.user_count())
        .map(|user| world.tenant.user_facts(user))
        .filter(|facts| facts.access == Access::Readable)
        .max_by_key(|facts| world.tenant.truth_of(facts.index).len())
        .unwrap();
    let texts = world.tenant.truth_of(victim.index);
    let client = world
        .builder()
        .transport(Arc::new(Panicking {
            tenant: Arc::clone(&world.tenant),
            user_id: victim.id.clone(),
        }))
        .build()
        .unwrap();
    let summary = world
        .sync_with(&client, &world.options(), pending())
        .await
        .unwrap();
    assert_eq!(summary.status, "partial");
    assert_eq!(failed_ids(&summary), BTreeSet::from([victim.id.clone()]));
    assert_eq!(summary.failed[0].code, "fault");

    // What the lake says of it: that user's line, and the run's end.
    let victim_id = &victim.id;
    let line = world
        .select(&format!(
            "SELECT whole, error_code, error, rows FROM coverage WHERE user_id = '{victim_id}'"
        ))
        .await;
    assert_eq!(line.len(), 1, "{line:?}");
    assert_eq!(line[0]["error_code"], "fault");
    assert_eq!(
        (&line[0]["whole"], &line[0]["rows"]),
        (&false.into(), &0.into())
    );
    let of_victim = format!("SELECT count(*) FROM interactions WHERE user_id = '{victim_id}'");
    assert_eq!(world.number(&of_victim).await, 0);
    assert_eq!(
        world
            .number("SELECT users_failed FROM runs WHERE status = 'partial'")
            .await,
        1
    );
    let told = format!(
        "{summary:?} {line:?} {:?}",
        world.select("SELECT * FROM runs").await
    );
    assert!(!told.contains("Bearer"), "{told}");
    assert!(!told.contains(world.tenant.options().secret.as_deref().unwrap()));
    for item in texts.iter().filter(|item| item.text.len() > 8) {
        assert!(!told.contains(&item.text), "{:?} in {told}", item.text);
    }

    // Nothing is lost by it.
    assert_eq!(world.sync().await.status, "whole");
    compare(&world).await.assert_same();
}
