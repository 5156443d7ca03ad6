using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace ScalableBackend.Core.Data;

/// <summary>Marks a migration that would break a version of the services that still uses what it takes away.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DestructiveAttribute(string reason) : Attribute
{
    /// <summary>Why it is safe now, such as since which release nothing uses the column any more.</summary>
    public string Reason => reason;
}

public static partial class MigrationGuard
{
    /// <exception cref="InvalidOperationException">A pending migration is destructive and not marked as such.</exception>
    internal static void Check(DbContext db, IEnumerable<string> pending)
    {
        var assembly = db.GetService<IMigrationsAssembly>();
        var refused = pending
            .Select(id => (Id: id, Type: assembly.Migrations[id]))
            .Where(migration => migration.Type.GetCustomAttribute<DestructiveAttribute>() is null)
            .SelectMany(migration => FindDestructiveSteps(assembly.CreateMigration(migration.Type, db.Database.ProviderName!).UpOperations)
                .Select(step => $"  {migration.Id}: {step}"))
            .ToList();
        if (refused.Count > 0)
        {
            throw new InvalidOperationException(
                $"""
                Nothing was applied, as these steps would break the version that is running:
                {string.Join(Environment.NewLine, refused)}
                Expand first, and contract in a later release, as README.md describes. Once nothing uses the old form any more,
                mark the migration's class with [Destructive("why it is safe now")].
                """);
        }
    }

    /// <summary>The steps that lose data, or that a version of the services made before them cannot live with.</summary>
    public static IEnumerable<string> FindDestructiveSteps(IEnumerable<MigrationOperation> operations) => operations
        .Select(operation => operation switch
        {
            DropSchemaOperation drop => $"drops the schema {drop.Name}",
            DropTableOperation drop => $"drops the table {drop.Name}",
            DropColumnOperation drop => $"drops the column {drop.Table}.{drop.Name}",
            RenameTableOperation rename => $"renames or moves the table {rename.Name}",
            RenameColumnOperation rename => $"renames the column {rename.Table}.{rename.Name}",
            AddColumnOperation { IsNullable: false, DefaultValue: null, DefaultValueSql: null, ComputedColumnSql: null } add =>
                $"adds the column {add.Table}.{add.Name}, not null and without a default",
            AlterColumnOperation { IsNullable: false, OldColumn.IsNullable: true } alter => $"makes the column {alter.Table}.{alter.Name} not null",
            AlterColumnOperation alter when IsNarrower(alter) =>
                $"changes the column {alter.Table}.{alter.Name} from {alter.OldColumn.ColumnType} to {alter.ColumnType}",
            SqlOperation sql when DestructiveSql.IsMatch(sql.Sql) => $"runs the statement: {sql.Sql.Trim()}",
            _ => null,
        })
        .OfType<string>();

    // Only a text may change its type, and only to a longer one: all other changes lose values or rewrite the table.
    private static bool IsNarrower(AlterColumnOperation alter) =>
        alter.ColumnType != alter.OldColumn.ColumnType
        && !(alter.ClrType == typeof(string) && alter.OldColumn.ClrType == typeof(string)
            && (alter.MaxLength ?? int.MaxValue) > (alter.OldColumn.MaxLength ?? int.MaxValue - 1));

    [GeneratedRegex(@"\b(DROP|RENAME|TRUNCATE)\b", RegexOptions.IgnoreCase)]
    private static partial Regex DestructiveSql { get; }
}
