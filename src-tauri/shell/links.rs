//! Deep links: `hookline://event/{jobId}/{eventId}` and `hookline://job/{jobId}`.
//!
//! Any web page can make the system open such a link. Hence one only ever shows something, and what it names is checked
//! before it becomes a path of the page.

use url::Url;

/// The scheme, as `tauri.conf.json` registers it.
const SCHEME: &str = "hookline";
/// No id is longer.
const MAX_ID_LENGTH: usize = 64;

/// The page's path that the link asks for; `None` for anything that is no link of ours.
pub(crate) fn page_path(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    if url.scheme() != SCHEME {
        return None;
    }
    let ids: Vec<&str> = url.path().trim_matches('/').split('/').collect();
    if !ids.iter().all(|id| is_id(id)) {
        return None;
    }
    match (url.host_str()?, ids.as_slice()) {
        ("event", [job, event]) => Some(format!("/events/{job}/{event}")),
        ("job", [job]) => Some(job_path(job)),
        _ => None,
    }
}

/// The page's path that shows a job.
pub(crate) fn job_path(job: &str) -> String {
    format!("/transfers/{job}")
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_an_event_or_a_job() {
        assert_eq!(page_path("hookline://event/3f9_a-B/17").as_deref(), Some("/events/3f9_a-B/17"));
        assert_eq!(page_path("hookline://event/a/17/").as_deref(), Some("/events/a/17"));
        assert_eq!(page_path("hookline://job/3f9").as_deref(), Some("/transfers/3f9"));
    }

    #[test]
    fn anything_else_is_ignored() {
        let long = format!("hookline://job/{}", "a".repeat(65));
        for link in [
            "hookline://job/",
            "hookline://job",
            "hookline://job/a/b",
            "hookline://event/a",
            "hookline://event/a/b/c",
            "hookline://event/a/..%2f..%2fsettings",
            "hookline://event/a/<script>",
            "hookline://quit/a",
            "hookline:job/a",
            "https://event/a/b",
            "event/a/b",
            "",
            &long,
        ] {
            assert_eq!(page_path(link), None, "{link}");
        }
    }

    #[test]
    fn dots_never_leave_the_link() {
        assert_eq!(page_path("hookline://event/a/../../settings/x"), Some("/events/settings/x".to_owned()));
        assert_eq!(page_path("hookline://event/../a"), None);
    }
}
