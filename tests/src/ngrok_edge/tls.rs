//! The edge's certificates: an authority and what it signs, new for each edge.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

/// An acceptor valid for `localhost`, `127.0.0.1` and `::1`, and the authority's certificate as PEM.
pub(super) fn acceptor() -> (TlsAcceptor, String) {
    let authority_key = KeyPair::generate().expect("a key is made");
    let mut authority = CertificateParams::new(Vec::new()).expect("no names are fine");
    authority.distinguished_name.push(DnType::CommonName, "Stand-in for ngrok's edge");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let pem = authority.self_signed(&authority_key).expect("the authority signs itself").pem();
    let issuer = Issuer::new(authority, authority_key);

    let key = KeyPair::generate().expect("a key is made");
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let leaf = CertificateParams::new(names).expect("the names are valid");
    let leaf = leaf.signed_by(&key, &issuer).expect("the authority signs");

    // The provider is named, because a test binary may hold more than one and have chosen none yet.
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .expect("key and certificate belong together");
    (TlsAcceptor::from(Arc::new(config)), pem)
}
