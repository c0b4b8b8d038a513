//! Certificates of the stand-ins: an authority of their own and what it signs, new for each.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

/// Who vouches for names.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, as PEM.
    pub(crate) pem: String,
}

impl Authority {
    /// A new one under this name.
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key is made");
        let mut authority = CertificateParams::new(Vec::new()).expect("no names are fine");
        authority.distinguished_name.push(DnType::CommonName, name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = authority.self_signed(&key).expect("the authority signs itself").pem();
        Self { issuer: Issuer::new(authority, key), pem }
    }

    /// Answers TLS under these names.
    pub(crate) fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key is made");
        let names: Vec<String> = names.iter().copied().map(str::to_owned).collect();
        let leaf = CertificateParams::new(names).expect("the names are valid");
        let leaf = leaf.signed_by(&key, &self.issuer).expect("the authority signs");
        // The provider is named, because a test binary may hold more than one and have chosen none yet.
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .expect("key and certificate belong together");
        TlsAcceptor::from(Arc::new(config))
    }
}
