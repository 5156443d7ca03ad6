namespace Shop.ServiceDefaults;

/// <summary>Names of connection strings and services, identical in every environment.</summary>
public static class ResourceNames
{
    public const string Database = "database";
}
