using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Shop.Shared.Data;

/// <summary>Finds EF Core migration operations that are unsafe on a table in use, with the reason and a safe alternative.</summary>
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
            $"adds the column {add.Table}.{add.Name} as NOT NULL without a default, so inserts by the running version fail",
        AddColumnOperation add when add.ComputedColumnSql is not null || IsIdentity(add) || IsVolatile(add.DefaultValueSql) =>
            $"adds the column {add.Table}.{add.Name} with a different value for each row: {UnsafeSql.VolatileDefault}",
        AlterColumnOperation { IsNullable: false, OldColumn.IsNullable: true } alter =>
            $"makes the column {alter.Table}.{alter.Name} NOT NULL: {UnsafeSql.SetNotNull}",
        AlterColumnOperation alter when ChangesType(alter) =>
            $"changes the column {alter.Table}.{alter.Name} from {alter.OldColumn.ColumnType} to {alter.ColumnType}: {UnsafeSql.ChangeType}",
        CreateIndexOperation index when index["Npgsql:CreatedConcurrently"] is not true => $"creates the index {index.Name} on {index.Table}: {UnsafeSql.CreateIndex}",
        AddForeignKeyOperation key => $"adds the foreign key {key.Name} to {key.Table}: {UnsafeSql.AddForeignKey}",
        AddCheckConstraintOperation check => $"adds the check constraint {check.Name} to {check.Table}: {UnsafeSql.AddCheck}",
        AddUniqueConstraintOperation unique => $"adds the unique constraint {unique.Name} to {unique.Table}: {UnsafeSql.AddUnique}",
        AddPrimaryKeyOperation key => $"adds the primary key {key.Name} to {key.Table}: {UnsafeSql.AddUnique}",
        _ => null,
    };

    /// <summary>Whether a default may differ per row, so that adding the column rewrites the table. The time of the transaction is the same for all rows.</summary>
    public static bool IsVolatile(string? defaultSql) =>
        defaultSql is not null && (FunctionCall.Matches(defaultSql).Any(call => !StableFunction.IsMatch(call.Value)));

    private static bool IsIdentity(AddColumnOperation add) => add["Npgsql:ValueGenerationStrategy"] is not null;

    // Lengthening a text column is safe; all other type changes lose values or rewrite the table.
    private static bool ChangesType(AlterColumnOperation alter) =>
        alter.ColumnType != alter.OldColumn.ColumnType
        && !(alter.ClrType == typeof(string) && alter.OldColumn.ClrType == typeof(string)
            && (alter.MaxLength ?? int.MaxValue) > (alter.OldColumn.MaxLength ?? int.MaxValue - 1));

    [GeneratedRegex(@"\w+(?= ?\()")]
    private static partial Regex FunctionCall { get; }

    [GeneratedRegex("^(now|timezone|transaction_timestamp|statement_timestamp|varchar|char|numeric|decimal|timestamp|timestamptz|time|bit)$", RegexOptions.IgnoreCase)]
    private static partial Regex StableFunction { get; }
}
