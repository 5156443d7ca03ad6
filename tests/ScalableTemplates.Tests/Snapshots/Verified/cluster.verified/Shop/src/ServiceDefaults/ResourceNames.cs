namespace Shop.ServiceDefaults;

/// <summary>Names of connection strings and services, identical in every environment.</summary>
public static class ResourceNames
{
    public const string Database = "database";
    public const string Owner = "owner";
    public const string Cache = "cache";
    public const string Broker = "broker";
    public const string Api = "api";
    public const string Gateway = "gateway";
    public const string Worker = "worker";
    public const string Migrator = "migrator";
    public const string Mail = "mail";
}
