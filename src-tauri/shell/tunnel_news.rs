//! What is worth a notification about the tunnel: a pure decision.
//!
//! A link that is lost for a moment heals by itself and is no news. One that stays away, and a refusal, are told once, until
//! it was online again; a plan that is nearly used up is told once a month.

use std::time::{Duration, Instant};

use hookline_engine::commands::tunnel::TunnelStatusAnswer;
use hookline_engine::tunnel::TunnelState;

/// How long a tunnel has to be away before it is told.
const ABSENCE_PATIENCE: Duration = Duration::from_mins(3);

/// Something to tell the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TunnelNotice {
    /// What happened.
    pub(crate) title: &'static str,
    /// Why, and what to do.
    pub(crate) body: String,
}

/// What is known of the tunnel, and what of it was told.
#[derive(Debug, Default)]
pub(crate) struct TunnelNews {
    away_since: Option<Instant>,
    told: bool,
    warned: Option<String>,
}

impl TunnelNews {
    /// What is to be told now. Whoever looks at the window sees it there.
    pub(crate) fn observe(
        &mut self,
        status: &TunnelStatusAnswer,
        looking: bool,
        now: Instant,
    ) -> Vec<TunnelNotice> {
        let mut notices = Vec::new();
        let is_away = match status.state {
            TunnelState::Online | TunnelState::Off => {
                (self.away_since, self.told) = (None, false);
                false
            }
            TunnelState::Refused => true,
            TunnelState::Connecting | TunnelState::Degraded => {
                let since = *self.away_since.get_or_insert(now);
                now.duration_since(since) >= ABSENCE_PATIENCE
            }
        };
        if is_away && !self.told {
            self.told = true;
            let reason = status.reason.as_deref().unwrap_or("The tunnel is not connected");
            let remedy = status.remedy.as_deref().unwrap_or_default();
            notices.push(TunnelNotice {
                title: "Providers cannot reach Hookline",
                body: format!("{reason}. {remedy}").trim_end().to_owned(),
            });
        }
        if let Some(usage) = &status.usage
            && let Some(warning) = &usage.warning
            && self.warned.as_ref() != Some(&usage.month)
        {
            self.warned = Some(usage.month.clone());
            notices
                .push(TunnelNotice { title: "The tunnel's plan is nearly used up", body: warning.clone() });
        }
        if looking { Vec::new() } else { notices }
    }
}

#[cfg(test)]
mod tests {
    use hookline_engine::commands::tunnel::TunnelUsageAnswer;
    use hookline_engine::event::Timestamp;
    use hookline_engine::tunnel::TunnelKind;

    use super::*;

    fn status(state: TunnelState) -> TunnelStatusAnswer {
        TunnelStatusAnswer {
            state,
            kind: TunnelKind::Ngrok,
            public_url: None,
            since: Timestamp::from_seconds(0),
            round_trip_ms: None,
            proven_at: None,
            reason: Some("the link broke".to_owned()),
            remedy: Some("Wait.".to_owned()),
            next_attempt_at: None,
            usage: None,
        }
    }

    #[test]
    fn a_short_absence_is_no_news_and_a_long_one_is_told_once() {
        let start = Instant::now();
        let mut news = TunnelNews::default();
        let mut told =
            |state, seconds| news.observe(&status(state), false, start + Duration::from_secs(seconds));
        assert!(told(TunnelState::Connecting, 0).is_empty());
        assert!(told(TunnelState::Online, 100).is_empty());
        assert!(told(TunnelState::Degraded, 200).is_empty());
        let notices = told(TunnelState::Connecting, 400);
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].body, "the link broke. Wait.");
        assert!(told(TunnelState::Refused, 500).is_empty());
        assert!(told(TunnelState::Online, 600).is_empty());
        assert_eq!(told(TunnelState::Refused, 700).len(), 1, "a refusal does not pass by itself");
    }

    #[test]
    fn who_looks_at_the_window_is_told_nothing_and_later_neither() {
        let mut news = TunnelNews::default();
        assert!(news.observe(&status(TunnelState::Refused), true, Instant::now()).is_empty());
        assert!(news.observe(&status(TunnelState::Refused), false, Instant::now()).is_empty());
    }

    #[test]
    fn a_plan_that_is_nearly_used_up_is_told_once_a_month() {
        let mut news = TunnelNews::default();
        let mut used = |month: &str| {
            let usage = TunnelUsageAnswer {
                month: month.to_owned(),
                requests: 16_000,
                bytes_in: 0,
                bytes_out: 0,
                monthly_requests: 20_000,
                monthly_bytes: 1,
                warning: Some("80 % …".to_owned()),
            };
            news.observe(
                &TunnelStatusAnswer { usage: Some(usage), ..status(TunnelState::Online) },
                false,
                Instant::now(),
            )
        };
        assert_eq!(used("2026-11").len(), 1);
        assert!(used("2026-11").is_empty());
        assert_eq!(used("2026-12").len(), 1);
    }
}
