using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace ScalableBackend.Shared.Data;

/// <summary>What is wrong with an operation of EF on a table that is in use, and what to write instead.</summary>
internal static partial class UnsafeOperations
{
    public static string? Find(MigrationOperation operation) => operation switch
    {
        DropSchemaOperation drop => $"drops the schema {drop.Name}",
        DropTableOperation drop => $"drops the table {drop.Name}",
        DropColumnOperation drop => $"drops the column {drop.Table}.{drop.Name}",
        RenameTableOperation rename => $"renames or moves the table {rename.Name}",
        RenameColumnOperation rename => $"renames the column {rename.Table}.{rename.Name}",
        AddColumnOperation { IsNullable: false, DefaultValue: null, DefaultValueSql: null, ComputedColumnSql: null } add when !IsIdentity(add) =>
            $"adds the column {add.Table}.{add.Name}, not null and without a default, so inserts of the running version fail",
        AddColumnOperation add when add.ComputedColumnSql is not null || IsIdentity(add) || IsVolatile(add.DefaultValueSql) =>
            $"adds the column {add.Table}.{add.Name} with a value of its own for each row: {UnsafeSql.VolatileDefault}",
        AlterColumnOperation { IsNullable: false, OldColumn.IsNullable: true } alter =>
            $"makes the column {alter.Table}.{alter.Name} not null: {UnsafeSql.SetNotNull}",
        AlterColumnOperation alter when IsNarrower(alter) =>
            $"changes the column {alter.Table}.{alter.Name} from {alter.OldColumn.ColumnType} to {alter.ColumnType}: {UnsafeSql.ChangeType}",
        CreateIndexOperation index when index["Npgsql:CreatedConcurrently"] is not true => $"creates the index {index.Name} on {index.Table}: {UnsafeSql.CreateIndex}",
        AddForeignKeyOperation key => $"adds the foreign key {key.Name} to {key.Table}: {UnsafeSql.AddForeignKey}",
        AddCheckConstraintOperation check => $"adds the check constraint {check.Name} to {check.Table}: {UnsafeSql.AddCheck}",
        AddUniqueConstraintOperation unique => $"adds the unique constraint {unique.Name} to {unique.Table}: {UnsafeSql.AddUnique}",
        AddPrimaryKeyOperation key => $"adds the primary key {key.Name} to {key.Table}: {UnsafeSql.AddUnique}",
        _ => null,
    };

    /// <summary>Whether a default may differ from row to row, so that adding it rewrites the table; the time of the transaction does not.</summary>
    public static bool IsVolatile(string? defaultSql) =>
        defaultSql is not null && (FunctionCall.Matches(defaultSql).Any(call => !IsStable.IsMatch(call.Value)));

    private static bool IsIdentity(AddColumnOperation add) => add["Npgsql:ValueGenerationStrategy"] is not null;

    // Only a text may change its type, and only to a longer one: all other changes lose values or rewrite the table.
    private static bool IsNarrower(AlterColumnOperation alter) =>
        alter.ColumnType != alter.OldColumn.ColumnType
        && !(alter.ClrType == typeof(string) && alter.OldColumn.ClrType == typeof(string)
            && (alter.MaxLength ?? int.MaxValue) > (alter.OldColumn.MaxLength ?? int.MaxValue - 1));

    [GeneratedRegex(@"\w+(?= ?\()")]
    private static partial Regex FunctionCall { get; }

    [GeneratedRegex("^(now|timezone|transaction_timestamp|statement_timestamp|varchar|char|numeric|decimal|timestamp|timestamptz|time|bit)$", RegexOptions.IgnoreCase)]
    private static partial Regex IsStable { get; }
}
