using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shop.ServiceDefaults;
using Shop.Shared.Data;

namespace Shop.Migrator;

/// <summary>
/// The database role of the services (least privilege). With a connection string 'owner', the Migrator connects as that role and
/// creates the role named in the connection string 'database', which may only read and write rows. Without 'owner', the Migrator
/// and the services share one role.
/// </summary>
internal sealed class ServiceRole(NpgsqlConnectionStringBuilder? serviceConnection)
{
    public static void Add(IHostApplicationBuilder builder)
    {
        var owner = builder.Configuration.GetConnectionString(ResourceNames.Owner);
        var service = new ServiceRole(owner is null ? null : new(builder.GetRequiredConnectionString(ResourceNames.Database)));
        builder.Services.AddSingleton(service);
        if (owner is not null)
        {
            builder.Configuration[$"ConnectionStrings:{ResourceNames.Database}"] = owner;
        }
    }

    /// <summary>Creates the role if it does not exist, sets its password and grants its privileges.</summary>
    public async Task GrantAsync(AppDbContext db, CancellationToken cancellationToken)
    {
        if (serviceConnection is null)
        {
            return;
        }

        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            // One Migrator at a time. Name and password are passed as settings, so that the server quotes them in the statements below.
            await db.Database.ExecuteSqlAsync(
                $"""
                SELECT pg_advisory_xact_lock(hashtext('service role')),
                    set_config('service.role', {serviceConnection.Username}, true), set_config('service.password', {serviceConnection.Password}, true)
                """,
                cancellationToken);
            await db.Database.ExecuteSqlRawAsync(
                """
                DO $$
                DECLARE
                    role text := current_setting('service.role');
                BEGIN
                    IF role = current_user THEN
                        RAISE EXCEPTION 'The connection strings ''owner'' and ''database'' must have different users.';
                    END IF;
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                        EXECUTE format('CREATE ROLE %I', role);
                    END IF;
                    EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', role, current_setting('service.password'));
                    -- The locks of a process that hangs in a transaction would block the others, and the messages that it claimed would wait.
                    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''1min''', role);
                    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
                    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), role);
                    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON "__EFMigrationsHistory", partition_policies FROM %I', role);
                    EXECUTE format('GRANT EXECUTE ON FUNCTION create_next_partition, drop_expired_partition TO %I', role);
                END $$
                """,
                cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        });
    }
}
