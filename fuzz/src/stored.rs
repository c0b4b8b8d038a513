//! How requests are stored: what goes in comes out, and damaged bytes are an error.

use arbitrary::{Arbitrary, Unstructured};
use hookline_engine::event::{RawRequest, Timestamp};
use hookline_engine::store::fuzzing::{from_frame, from_plain, to_frame};

#[derive(Debug, Arbitrary)]
enum Input<'a> {
    Request {
        method: &'a str,
        url: &'a str,
        headers: Vec<(&'a str, &'a [u8])>,
        damage: Vec<(u16, u8)>,
        body: &'a [u8],
    },
    Frame(&'a [u8]),
    Plain(&'a [u8]),
}

/// The most bytes that a body may unfold into here.
const LIMIT: usize = 1 << 20;

/// One input.
pub(crate) fn run(data: &[u8]) {
    let received_at = Timestamp::from_micros(7);
    match Unstructured::new(data).arbitrary() {
        Ok(Input::Request { method, url, headers, damage, body }) => {
            let request = RawRequest {
                method: method.to_owned(),
                url: url.to_owned(),
                headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
                body: body.to_vec().into(),
                received_at,
            };
            let mut frame = to_frame(&request);
            assert_eq!(from_frame(&frame, received_at).as_ref(), Ok(&request));
            if let Ok(decoded) = request.decoded_body(LIMIT) {
                assert!(decoded.len() <= LIMIT.max(request.body.len()));
            }
            for (place, value) in &damage {
                let place = usize::from(*place) % frame.len();
                frame[place] = *value;
            }
            let _ = from_frame(&frame, received_at);
        }
        Ok(Input::Frame(frame)) => drop(from_frame(frame, received_at)),
        Ok(Input::Plain(plain)) => {
            if let Ok(request) = from_plain(plain.to_vec(), received_at) {
                assert_eq!(from_frame(&to_frame(&request), received_at), Ok(request));
            }
        }
        Err(_) => {}
    }
}
