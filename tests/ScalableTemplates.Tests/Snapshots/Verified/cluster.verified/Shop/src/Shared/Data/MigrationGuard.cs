using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Shop.Shared.Data;

/// <summary>Allows a migration that <see cref="MigrationGuard"/> would reject.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AllowUnsafeMigrationAttribute(string reason) : Attribute
{
    /// <summary>Why the migration is safe: for example, since which release the column has been unused, or how small the table is.</summary>
    public string Reason => reason;
}

/// <summary>Rejects pending migrations that would break the running version, or block it with a long lock.</summary>
public static class MigrationGuard
{
    /// <exception cref="InvalidOperationException">A pending migration is unsafe and not marked as allowed.</exception>
    internal static void Check(DbContext db, IEnumerable<string> pendingMigrations)
    {
        var assembly = db.GetService<IMigrationsAssembly>();
        var newTables = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var violations = new List<string>();
        foreach (var id in pendingMigrations)
        {
            var type = assembly.Migrations[id];
            var steps = FindUnsafeSteps(assembly.CreateMigration(type, db.Database.ProviderName!).UpOperations, newTables).ToList();
            if (type.GetCustomAttribute<AllowUnsafeMigrationAttribute>() is null)
            {
                violations.AddRange(steps.Select(step => $"  {id} {step}."));
            }
        }

        if (violations.Count > 0)
        {
            throw new InvalidOperationException(
                $"""
                No migration was applied, because these steps would break or block the running version:
                {string.Join(Environment.NewLine, violations)}
                Expand first and contract in a later release, as described in docs/database.md. If a step is safe nonetheless, mark the
                migration class with [AllowUnsafeMigration("why it is safe")].
                """);
        }
    }

    /// <summary>Finds the steps that lose data, break the previous version of the services, or hold a lock for long.</summary>
    /// <param name="operations">The operations of a migration, in sequence.</param>
    /// <param name="newTables">Tables that pending migrations create, so that they are not in use yet. Tables that these operations create are added.</param>
    public static IEnumerable<string> FindUnsafeSteps(IEnumerable<MigrationOperation> operations, ISet<string> newTables)
    {
        foreach (var operation in operations)
        {
            if (operation is CreateTableOperation table)
            {
                newTables.Add(table.Name);
            }
            else if (operation is SqlOperation sql)
            {
                foreach (var step in UnsafeSql.Find(sql.Sql, newTables))
                {
                    yield return step;
                }
            }
            else if (!(operation is ITableMigrationOperation { Table: { } changed } && newTables.Contains(changed)) && UnsafeOperations.Find(operation) is { } step)
            {
                yield return step;
            }
        }
    }
}
