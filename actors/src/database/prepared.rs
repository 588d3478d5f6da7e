//! Statements in SQL of our own that stay prepared. Diesel's `sql_query` is planned anew each time, because its text could be
//! another one each time.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use diesel::{RunQueryDsl, connection::Connection};

/// A value with the SQL type it travels as.
pub(crate) struct Parameter<ST, T>(T, PhantomData<ST>);

impl<ST, T> Parameter<ST, T> {
    pub fn new(value: T) -> Self {
        Self(value, PhantomData)
    }
}

/// What can stand for a `?`.
pub(crate) trait Bind<DB: Backend> {
    fn bind<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()>;
}

impl<DB, ST, T> Bind<DB> for Parameter<ST, T>
where
    DB: Backend + HasSqlType<ST>,
    T: ToSql<ST, DB>,
{
    fn bind<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_bind_param::<ST, T>(&self.0)
    }
}

/// A statement whose `?` stand for `parameters`, in their order, and whose rows have the type `Row`. Each text is kept
/// prepared by each connection, so there must not be many.
pub(crate) struct Prepared<'a, DB, Row> {
    text: &'a str,
    parameters: &'a [&'a dyn Bind<DB>],
    row: PhantomData<Row>,
}

impl<'a, DB, Row> Prepared<'a, DB, Row> {
    pub fn new(text: &'a str, parameters: &'a [&'a dyn Bind<DB>]) -> Self {
        Self { text, parameters, row: PhantomData }
    }
}

impl<DB: Backend, Row> QueryFragment<DB> for Prepared<'_, DB, Row> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.text.matches('?').count() != self.parameters.len() {
            let trouble = format!("{} parameters for: {}", self.parameters.len(), self.text);
            return Err(diesel::result::Error::QueryBuilderError(trouble.into()));
        }
        let mut pieces = self.text.split('?');
        pass.push_sql(pieces.next().unwrap_or_default());
        for (piece, parameter) in pieces.zip(self.parameters) {
            parameter.bind(pass.reborrow())?;
            pass.push_sql(piece);
        }
        Ok(())
    }
}

impl<DB, Row> Query for Prepared<'_, DB, Row> {
    type SqlType = Row;
}

impl<DB, Row> QueryId for Prepared<'_, DB, Row> {
    type QueryId = ();
    /// The text is what tells one from another.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, Row, C: Connection<Backend = DB>> RunQueryDsl<C> for Prepared<'_, DB, Row> {}
