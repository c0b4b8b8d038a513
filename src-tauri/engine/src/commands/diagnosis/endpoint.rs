//! How the job's endpoint at its provider stands.

use std::time::Duration;

use super::{Check, Finding, FindingAction, FindingState};
use crate::commands::Commands;
use crate::endpoints::{Drift, EndpointError, View};
use crate::store::{EndpointPhase, SyncJob};

/// How long the provider may take to answer.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// What is so of the endpoint.
#[derive(Debug, Clone)]
pub(super) enum EndpointFact {
    /// The provider has no API for it, or nothing could be found out: set up by hand.
    ByHand,
    /// Hookline made none; whether it could.
    None { can_create: bool },
    /// Hookline is making it, and this is in its way.
    Creating { trouble: Option<String> },
    /// Hookline made it.
    Managed {
        drift: Vec<Drift>,
        /// Why it could not be brought into line, what helps, and whether Hookline goes on trying.
        trouble: Option<(String, Option<String>, bool)>,
        /// Why the provider could not be asked now.
        unasked: Option<String>,
    },
}

impl Commands {
    /// Asks the provider, where Hookline made an endpoint there.
    pub(super) async fn endpoint_fact(&self, job: &SyncJob) -> EndpointFact {
        let endpoints = &self.parts().endpoints;
        let (workspace, id) = (&job.workspace_id, &job.id);
        let view = match endpoints.view(workspace, id).await {
            Ok(view) => view,
            Err(error) => {
                tracing::debug!(%error, "how the endpoint stands could not be read");
                return EndpointFact::ByHand;
            }
        };
        if !view.endpoint.as_ref().is_some_and(|row| row.phase == EndpointPhase::Managed) {
            return fact(view, None);
        }
        match tokio::time::timeout(ASK_TIMEOUT, endpoints.check(workspace, id)).await {
            Ok(Ok(now)) => fact(now, None),
            Ok(Err(error)) => fact(view, Some(error.to_string())),
            Err(_elapsed) => fact(view, Some("it did not answer in time".to_owned())),
        }
    }
}

fn fact(view: View, unasked: Option<String>) -> EndpointFact {
    match view.endpoint {
        None => match view.obstacle {
            None => EndpointFact::None { can_create: true },
            Some(EndpointError::NoApi { .. }) => EndpointFact::ByHand,
            Some(_) => EndpointFact::None { can_create: false },
        },
        Some(row) => {
            let trouble = row.trouble;
            match row.phase {
                EndpointPhase::Creating => {
                    EndpointFact::Creating { trouble: trouble.map(|trouble| trouble.message) }
                }
                EndpointPhase::Managed => EndpointFact::Managed {
                    drift: view.drift,
                    trouble: trouble.map(|trouble| (trouble.message, trouble.hint, trouble.retrying)),
                    unasked,
                },
            }
        }
    }
}

/// What follows from it. Pure.
pub(super) fn judge(fact: &EndpointFact, label: &str) -> Finding {
    let finding = |state, message: String, hint: Option<String>, action| Finding {
        check: Check::Endpoint,
        state,
        message,
        hint,
        action,
    };
    let mend = Some(FindingAction::MendEndpoint);
    match fact {
        EndpointFact::ByHand => {
            let message = format!("The webhook is set up at {label} by hand.");
            finding(FindingState::Ok, message, None, None)
        }
        EndpointFact::None { can_create } => {
            let message = format!("Hookline has not set up the webhook at {label}.");
            let action = can_create.then_some(FindingAction::CreateEndpoint);
            finding(FindingState::Ok, message, None, action)
        }
        EndpointFact::Creating { trouble } => {
            let why = trouble.as_ref().map(|trouble| format!(": {trouble}")).unwrap_or_default();
            let message = format!("The webhook at {label} is not set up yet{why}.");
            let hint = "Hookline goes on with it; bringing it into line tries at once.".to_owned();
            finding(FindingState::Problem, message, Some(hint), mend)
        }
        EndpointFact::Managed { drift, trouble, unasked } => {
            if let Some(worst) = drift.iter().find(|drift| drift.harmful) {
                let message = format!("The endpoint at {label} is not as it should be. {}", worst.message);
                let why = trouble.as_ref().map(|(message, hint, _)| {
                    let hint = hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
                    format!(" It could not be done by itself: {message}.{hint}")
                });
                let hint = format!("Bring it into line.{}", why.unwrap_or_default());
                return finding(FindingState::Problem, message, Some(hint), mend);
            }
            if let Some((message, hint, retrying)) = trouble {
                let message = format!("The endpoint at {label} could not be brought into line: {message}.");
                let again = "Hookline tries again by itself.".to_owned();
                let hint = hint.clone().or_else(|| retrying.then_some(again));
                let hint = hint.or_else(|| Some("Bring it into line once the cause is gone.".to_owned()));
                return finding(FindingState::Warning, message, hint, mend);
            }
            if let Some(why) = unasked {
                let message = format!("{label} could not be asked how the endpoint stands: {why}.");
                let hint = "Check the API key of the job's source, and the connection.".to_owned();
                return finding(FindingState::Warning, message, Some(hint), None);
            }
            if let Some(harmless) = drift.first() {
                return finding(FindingState::Ok, format!("{label} sends. {}", harmless.message), None, mend);
            }
            let message = format!("The endpoint at {label} sends what the job wants, and to its address.");
            finding(FindingState::Ok, message, None, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::DriftKind;

    fn managed(drift: Option<(DriftKind, bool)>, trouble: Option<bool>, unasked: Option<&str>) -> Finding {
        let drift = drift.map(|(kind, harmful)| Drift { kind, message: "It is off.".to_owned(), harmful });
        let trouble = trouble.map(|retrying| ("no permission".to_owned(), None, retrying));
        let fact = EndpointFact::Managed {
            drift: drift.into_iter().collect(),
            trouble,
            unasked: unasked.map(str::to_owned),
        };
        judge(&fact, "Stripe")
    }

    #[test]
    fn an_endpoint_in_line_is_fine_and_one_that_differs_is_mended() {
        let fine = managed(None, None, None);
        assert_eq!((fine.state, fine.action), (FindingState::Ok, None));
        let harmful = managed(Some((DriftKind::Disabled, true)), Some(false), None);
        assert_eq!(
            (harmful.state, harmful.action),
            (FindingState::Problem, Some(FindingAction::MendEndpoint))
        );
        assert!(harmful.hint.as_deref().is_some_and(|hint| hint.contains("no permission")), "{harmful:?}");
        let harmless = managed(Some((DriftKind::EventTypes, false)), None, None);
        assert_eq!((harmless.state, harmless.action), (FindingState::Ok, Some(FindingAction::MendEndpoint)));
        assert_eq!(managed(None, Some(true), None).state, FindingState::Warning);
        assert_eq!(managed(None, None, Some("no connection")).state, FindingState::Warning);
    }

    #[test]
    fn where_hookline_made_none_it_offers_to_where_it_can() {
        let can = judge(&EndpointFact::None { can_create: true }, "Stripe");
        assert_eq!((can.state, can.action), (FindingState::Ok, Some(FindingAction::CreateEndpoint)));
        assert_eq!(judge(&EndpointFact::None { can_create: false }, "Stripe").action, None);
        assert_eq!(judge(&EndpointFact::ByHand, "GitHub").state, FindingState::Ok);
        let begun = judge(&EndpointFact::Creating { trouble: Some("no answer".to_owned()) }, "Stripe");
        assert!(begun.message.contains("no answer") && begun.state == FindingState::Problem);
    }
}
