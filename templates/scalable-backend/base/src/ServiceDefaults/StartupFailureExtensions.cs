using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ScalableBackend.ServiceDefaults;

/// <summary>A setting is missing or wrong; the message says how to set it, so nobody needs a stack trace.</summary>
public sealed class ConfigurationException(string message) : Exception(message);

/// <summary>Ends a start that fails for a reason outside of the code with a line that says what to do, and exit code 1. Any other exception keeps its stack trace.</summary>
internal static class StartupFailureExtensions
{
    public static void ReportStartFailures(this IHostApplicationBuilder builder)
    {
        AppDomain.CurrentDomain.UnhandledException -= Report;
        AppDomain.CurrentDomain.UnhandledException += Report;
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endpoint => Bind(endpoint, builder));
        // Below Critical the host logs only exceptions that it also rethrows, or logs once more when a background service stops it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    private static void Report(object sender, UnhandledExceptionEventArgs unhandled)
    {
        var exceptions = (unhandled.ExceptionObject as AggregateException)?.InnerExceptions ?? [(Exception)unhandled.ExceptionObject];
        if (exceptions.All(exception => exception is ConfigurationException or OptionsValidationException || IsUnreadable(exception)))
        {
            // Options with several names share a setting.
            End([.. exceptions.SelectMany(exception => (exception as OptionsValidationException)?.Failures ?? [exception.Message]).Distinct()]);
        }
    }

    // A setting with a value of another type; the message names the setting.
    private static bool IsUnreadable(Exception exception) => exception is InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" };

    // At once: background services may run already, and would log how their work was cut off.
    private static Socket Bind(EndPoint endpoint, IHostApplicationBuilder builder)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            End($"Cannot listen on {endpoint}: the address is already in use. Stop the process that listens there, or choose another port: {GetSetting(endpoint, builder)}.");
            throw;
        }
    }

    private static string GetSetting(EndPoint endpoint, IHostApplicationBuilder builder)
    {
        if (endpoint is IPEndPoint address && address.Port == HealthExtensions.GetPort(builder.Configuration, builder.Environment))
        {
            return "with the environment variable Health__Port, for the probes";
        }

        return builder.Environment.IsDevelopment()
            ? "in Properties/launchSettings.json for 'dotnet run', or else with the environment variable ASPNETCORE_URLS"
            : "with the environment variable ASPNETCORE_URLS";
    }

    private static void End(params string[] messages)
    {
        Console.Error.WriteLine(string.Join(Environment.NewLine, messages));
        Environment.Exit(1);
    }
}
