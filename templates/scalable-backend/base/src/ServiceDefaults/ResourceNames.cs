namespace ScalableBackend.ServiceDefaults;

/// <summary>Names of connection strings and services, identical in every environment.</summary>
public static class ResourceNames
{
    public const string Database = "database";
#if (HasPostgres)
    public const string Owner = "owner";
#endif
#if (HasRedis)
    public const string Cache = "cache";
#endif
#if (HasRabbitMq)
    public const string Broker = "broker";
#endif
#if (HasAspire)
    public const string Api = "api";
#endif
#if (HasAspire && HasGateway)
    public const string Gateway = "gateway";
#endif
#if (HasAspire && HasWorker)
    public const string Worker = "worker";
#endif
#if (HasAspire && HasPostgres)
    public const string Migrator = "migrator";
#endif
#if (HasAspire && HasSample)
    public const string Mail = "mail";
#endif
}
