using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;

namespace Shop.ServiceDefaults;

public static class ForwardedHeadersExtensions
{
    /// <summary>
    /// Trusts X-Forwarded-For and X-Forwarded-Proto only from the networks in ForwardedHeaders:KnownNetworks (such as 10.0.0.0/8) and
    /// from proxies on the same machine.
    /// </summary>
    public static void AddForwardedHeaders(this WebApplicationBuilder builder)
    {
        var networks = (builder.Configuration.GetSection("ForwardedHeaders:KnownNetworks").Get<string[]>() ?? []).Select(ParseNetwork).ToList();
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = null;
            networks.ForEach(options.KnownIPNetworks.Add);
        });
    }

    private static System.Net.IPNetwork ParseNetwork(string network, int index) => System.Net.IPNetwork.TryParse(network, out var parsed)
        ? parsed
        : throw new ConfigurationException(
            $"ForwardedHeaders:KnownNetworks contains '{network}', which is not a network in CIDR notation, such as 10.0.0.0/8. "
            + $"Set the environment variable ForwardedHeaders__KnownNetworks__{index}.");
}
