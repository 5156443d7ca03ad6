using System.Net;
using System.Net.Sockets;

namespace Shop.Api;

internal static class ClientAddressExtensions
{
    /// <summary>Returns the address of the client; for IPv6, its /64 network, because a client usually owns the whole network.</summary>
    public static IPAddress GetClientAddress(this HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return new IPAddress(bytes);
    }
}
