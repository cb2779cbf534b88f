//! Inputs by URL: objects are copied into temporary files, because a load is known by its content.

use std::fmt::Display;
use std::io::Write;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tempfile::NamedTempFile;
use url::Url;

use super::Input;
use crate::code::Code;
use crate::error::{Error, Fault};

/// Copies everything that a URL names, sorted by name.
pub(super) async fn fetch(url: &Url) -> Result<Vec<Input>, Error> {
    match url.scheme() {
        "https" | "http" => Ok(vec![fetch_one(url).await?]),
        _ => fetch_objects(url).await,
    }
}

/// A URL that is all that is needed, such as a pre-signed one. Its query is a secret, so it is not part of the name.
async fn fetch_one(url: &Url) -> Result<Input, Error> {
    let mut name = url.clone();
    name.set_query(None);
    name.set_fragment(None);
    let failed = |error: reqwest::Error| unfetched(name.as_str(), &error.without_url());
    let answer = reqwest::get(url.clone()).await.map_err(failed)?;
    let answer = answer.error_for_status().map_err(failed)?;
    let mut spool = spool(name.as_str())?;
    let mut chunks = answer.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        write(&mut spool, name.as_str(), &chunk.map_err(failed)?)?;
    }
    Ok(Input::spooled(name.to_string(), spool.into_temp_path()))
}

/// An object, what matches a glob, or everything below a prefix.
async fn fetch_objects(url: &Url) -> Result<Vec<Input>, Error> {
    let failed = |error: object_store::Error| unfetched(url.as_str(), &error);
    let objects = brunt_store::object_store(url, &brunt_store::StoreOptions::default())?;
    let wanted =
        Path::from_url_path(url.path()).map_err(|error| unfetched(url.as_str(), &error))?;
    let is_glob = wanted.as_ref().contains(['*', '?', '[']);
    let mut found = Vec::new();
    if !is_glob && !wanted.as_ref().is_empty() && objects.head(&wanted).await.is_ok() {
        found.push(wanted);
    } else {
        let pattern =
            glob::Pattern::new(wanted.as_ref()).map_err(|error| unfetched(url.as_str(), &error))?;
        let mut prefix = Path::default();
        let whole = |part: &str| !part.contains(['*', '?', '[']);
        for part in wanted.as_ref().split('/').take_while(|part| whole(part)) {
            prefix = prefix.join(part);
        }
        let mut listed = objects.list(Some(&prefix));
        while let Some(object) = listed.try_next().await.map_err(failed)? {
            let is_hidden = object.location.filename().is_none_or(|name| name.starts_with('.'));
            if !is_hidden && (!is_glob || pattern.matches(object.location.as_ref())) {
                found.push(object.location);
            }
        }
        found.sort();
    }
    if found.is_empty() {
        return Err(unfetched(url.as_str(), &"no object is there"));
    }
    let mut inputs = Vec::with_capacity(found.len());
    for path in found {
        let mut name = url.clone();
        name.set_path(path.as_ref());
        let name = name.to_string();
        let mut spool = spool(&name)?;
        let mut chunks = objects.get(&path).await.map_err(failed)?.into_stream();
        while let Some(chunk) = chunks.try_next().await.map_err(failed)? {
            write(&mut spool, &name, &chunk)?;
        }
        inputs.push(Input::spooled(name, spool.into_temp_path()));
    }
    Ok(inputs)
}

fn spool(name: &str) -> Result<NamedTempFile, Error> {
    NamedTempFile::new().map_err(|error| unfetched(name, &error))
}

fn write(spool: &mut NamedTempFile, name: &str, bytes: &[u8]) -> Result<(), Error> {
    spool.write_all(bytes).map_err(|error| unfetched(name, &error))
}

fn unfetched(name: &str, why: &dyn Display) -> Error {
    Fault::new(Code::InputRefused, format!("input \"{name}\" cannot be had: {why}"))
        .with_hint(
            "Check the URL and the credentials in the environment (AWS_…, GOOGLE_…, AZURE_…).",
        )
        .into()
}
