using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace ScalableBackend.Shared.Data;

/// <summary>Lets a migration pass that would break the version that is running, or hold a lock for long.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AllowUnsafeMigrationAttribute(string reason) : Attribute
{
    /// <summary>Why it is safe now, such as since which release nothing uses the column any more, or how small the table is.</summary>
    public string Reason => reason;
}

/// <summary>Refuses pending migrations that the services that are running could not live with.</summary>
public static class MigrationGuard
{
    /// <exception cref="InvalidOperationException">A pending migration is unsafe and not marked as allowed.</exception>
    internal static void Check(DbContext db, IEnumerable<string> pending)
    {
        var assembly = db.GetService<IMigrationsAssembly>();
        var created = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var refused = new List<string>();
        foreach (var id in pending)
        {
            var type = assembly.Migrations[id];
            var steps = FindUnsafeSteps(assembly.CreateMigration(type, db.Database.ProviderName!).UpOperations, created).ToList();
            if (type.GetCustomAttribute<AllowUnsafeMigrationAttribute>() is null)
            {
                refused.AddRange(steps.Select(step => $"  {id} {step}."));
            }
        }

        if (refused.Count > 0)
        {
            throw new InvalidOperationException(
                $"""
                Nothing was applied, as these steps would break or block the version that is running:
                {string.Join(Environment.NewLine, refused)}
                Expand first, and contract in a later release, as README.md describes. Where a step is safe after all, mark the
                migration's class with [AllowUnsafeMigration("why it is safe")].
                """);
        }
    }

    /// <summary>The steps that lose data, that a version of the services made before them cannot live with, or that hold a lock for long.</summary>
    /// <param name="operations">The operations of a migration, in sequence.</param>
    /// <param name="created">The tables that pending migrations create: nobody uses them yet. The operations' own are added.</param>
    public static IEnumerable<string> FindUnsafeSteps(IEnumerable<MigrationOperation> operations, ISet<string> created)
    {
        foreach (var operation in operations)
        {
            if (operation is CreateTableOperation table)
            {
                created.Add(table.Name);
            }
            else if (operation is SqlOperation sql)
            {
                foreach (var step in UnsafeSql.Find(sql.Sql, created))
                {
                    yield return step;
                }
            }
            else if (!(operation is ITableMigrationOperation { Table: { } changed } && created.Contains(changed)) && UnsafeOperations.Find(operation) is { } step)
            {
                yield return step;
            }
        }
    }
}
