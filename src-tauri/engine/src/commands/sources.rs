//! Sources: accounts at providers.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CommandError, Commands, patch, validate};
use crate::event::{SourceId, Timestamp, WorkspaceId};
use crate::providers::{self, FindError, ProviderInfo, SharedProvider};
use crate::secrets::SecretName;
use crate::store::Source;

/// A source to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateSource {
    /// A name for people; the provider's name unless given.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
    pub name: Option<String>,
    /// The provider's kind, such as `stripe`; `generic` for one that is described by values.
    pub kind: String,
    /// A key for the provider's API. Kept in the secret store and never shown.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096, pattern = r"^[!-~]+$", write_only)]
    pub api_key: Option<SecretString>,
    /// The values that describe a source of kind `generic`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub generic: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Changes of a source: what is not named stays. The kind cannot be changed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSource {
    /// Another name.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
    )]
    pub name: Option<String>,
    /// Another key; `null` forgets the key.
    #[serde(default, deserialize_with = "patch::nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096, pattern = r"^[!-~]+$", write_only)]
    pub api_key: Option<Option<SecretString>>,
    /// Other values of a `generic` source.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(value_type = Object, nullable = false)]
    pub generic: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Source)]
pub struct SourceAnswer {
    /// Its id.
    pub id: SourceId,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// The user's name for it.
    pub name: String,
    /// The provider's kind.
    pub kind: String,
    /// The values that describe a `generic` source.
    #[schema(value_type = Option<Object>)]
    pub generic: Option<serde_json::Value>,
    /// Whether a key for the provider's API is stored. The key itself is never shown.
    pub has_api_key: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// All sources of a workspace, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SourceList {
    /// The sources.
    pub sources: Vec<SourceAnswer>,
}

/// All providers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProviderList {
    /// The providers, in the order in which they are shown.
    pub providers: Vec<ProviderInfo>,
}

/// The provider of a source.
pub(super) fn provider_of(source: &Source) -> Result<SharedProvider, CommandError> {
    find_provider(&source.kind, source.generic.as_ref())
}

fn find_provider(kind: &str, generic: Option<&serde_json::Value>) -> Result<SharedProvider, CommandError> {
    providers::find(kind, generic).map_err(|error| {
        let field = match &error {
            FindError::Unknown(_) => "kind",
            FindError::InvalidGeneric { .. } => "generic",
        };
        CommandError::invalid(field, error.to_string())
    })
}

/// The kinds that a source can be of.
pub fn kinds() -> Vec<&'static str> {
    providers::all().iter().map(|provider| provider.info().kind).chain([GENERIC]).collect()
}

const GENERIC: &str = "generic";

impl Commands {
    /// What users are told about the providers.
    pub fn providers(&self) -> ProviderList {
        ProviderList { providers: providers::all().iter().map(|provider| provider.info().clone()).collect() }
    }

    /// All sources of a workspace.
    pub async fn sources(&self, workspace: &WorkspaceId) -> Result<SourceList, CommandError> {
        self.check_workspace(workspace).await?;
        let mut sources = Vec::new();
        for source in self.store().sources(workspace).await? {
            sources.push(self.source_answer(source).await?);
        }
        Ok(SourceList { sources })
    }

    /// One source.
    pub async fn source(&self, workspace: &WorkspaceId, id: &SourceId) -> Result<SourceAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        let source = self.store().source(workspace, id).await?;
        self.source_answer(source).await
    }

    /// Makes a source.
    pub async fn create_source(
        &self,
        workspace: &WorkspaceId,
        request: CreateSource,
    ) -> Result<SourceAnswer, CommandError> {
        let CreateSource { name, kind, api_key, generic } = request;
        let generic = generic.map(serde_json::Value::Object);
        if let Some(name) = &name {
            validate::name("name", name)?;
        }
        if kind != GENERIC && generic.is_some() {
            return Err(CommandError::invalid("generic", "only a source of kind `generic` has these values"));
        }
        if kind == GENERIC && generic.is_none() {
            return Err(CommandError::invalid(
                "generic",
                "a source of kind `generic` is described by values: `generic` is missing",
            ));
        }
        let provider = find_provider(&kind, generic.as_ref())?;
        check_api_key(api_key.as_ref())?;
        self.check_workspace(workspace).await?;

        let _changing = self.lock_changes().await;
        let now = self.parts().clock.now();
        let source = Source {
            id: SourceId::generate(),
            workspace_id: workspace.clone(),
            name: name.unwrap_or_else(|| validate::derived_name(provider.info().label)),
            kind,
            generic,
            created_at: now,
            updated_at: now,
        };
        if api_key.is_some() {
            self.replace_secret(SecretName::api_key(&source.id), api_key).await?;
        }
        if let Err(error) = self.store().put_source(source.clone()).await {
            return Err(self.undo_secret(SecretName::api_key(&source.id), None, error.into()).await);
        }
        self.reload().await?;
        self.source_answer(source).await
    }

    /// Changes a source.
    pub async fn update_source(
        &self,
        workspace: &WorkspaceId,
        id: &SourceId,
        request: UpdateSource,
    ) -> Result<SourceAnswer, CommandError> {
        let UpdateSource { name, api_key, generic } = request;
        if let Some(name) = &name {
            validate::name("name", name)?;
        }
        check_api_key(api_key.iter().flatten().next())?;
        self.check_workspace(workspace).await?;

        let _changing = self.lock_changes().await;
        let mut source = self.store().source(workspace, id).await?;
        if let Some(name) = name {
            source.name = name;
        }
        if let Some(generic) = generic {
            if source.kind != GENERIC {
                return Err(CommandError::contradiction(
                    "generic",
                    "only a source of kind `generic` has these values",
                ));
            }
            source.generic = Some(serde_json::Value::Object(generic));
            provider_of(&source)?;
        }
        source.updated_at = self.parts().clock.now();
        let secret = SecretName::api_key(id);
        let before = match api_key {
            Some(api_key) => Some(self.replace_secret(secret.clone(), api_key).await?),
            None => None,
        };
        if let Err(error) = self.store().put_source(source.clone()).await {
            return Err(match before {
                Some(before) => self.undo_secret(secret, before, error.into()).await,
                None => error.into(),
            });
        }
        self.reload().await?;
        self.source_answer(source).await
    }

    /// Deletes a source that no job uses.
    pub async fn delete_source(&self, workspace: &WorkspaceId, id: &SourceId) -> Result<(), CommandError> {
        self.check_workspace(workspace).await?;
        let _changing = self.lock_changes().await;
        self.store().delete_source(workspace, id).await?;
        self.forget_secret(SecretName::api_key(id)).await;
        self.reload().await
    }

    async fn source_answer(&self, source: Source) -> Result<SourceAnswer, CommandError> {
        let name = SecretName::api_key(&source.id);
        let has_api_key = self.with_secrets(move |secrets| Ok(secrets.get(&name)?.is_some())).await?;
        let Source { id, workspace_id, name, kind, generic, created_at, updated_at } = source;
        Ok(SourceAnswer { id, workspace_id, name, kind, generic, has_api_key, created_at, updated_at })
    }
}

fn check_api_key(key: Option<&SecretString>) -> Result<(), CommandError> {
    use secrecy::ExposeSecret as _;
    key.map_or(Ok(()), |key| validate::secret_text("apiKey", "the API key", key.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_named_stays_and_null_forgets_it() {
        let read = |text| serde_json::from_str::<UpdateSource>(text).expect("reads");
        assert!(read("{}").api_key.is_none());
        assert!(matches!(read(r#"{"apiKey":null}"#).api_key, Some(None)));
        assert!(matches!(read(r#"{"apiKey":"sk_1"}"#).api_key, Some(Some(_))));
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let error = serde_json::from_str::<UpdateSource>(r#"{"kind":"close"}"#).expect_err("is refused");
        assert!(error.to_string().contains("unknown field `kind`"));
    }

    #[test]
    fn a_name_is_not_null() {
        serde_json::from_str::<UpdateSource>(r#"{"name":null}"#).expect_err("is refused");
    }
}
