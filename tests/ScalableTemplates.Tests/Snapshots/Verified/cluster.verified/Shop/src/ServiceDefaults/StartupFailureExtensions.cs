using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Shop.ServiceDefaults;

/// <summary>
/// Reports a start-up failure that is not a bug, such as a missing setting, in one line that says what to do, and exits with
/// code 1. All other exceptions keep their stack trace.
/// </summary>
internal static class StartupFailureExtensions
{
    public static void ReportStartupFailures(this IHostApplicationBuilder builder)
    {
        AppDomain.CurrentDomain.UnhandledException -= Report;
        AppDomain.CurrentDomain.UnhandledException += Report;
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endpoint => Bind(endpoint, builder));
        // Below Critical, the host logs only exceptions that it rethrows, or that it logs again when a background service stops it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    private static void Report(object sender, UnhandledExceptionEventArgs unhandled)
    {
        var exceptions = (unhandled.ExceptionObject as AggregateException)?.InnerExceptions ?? [(Exception)unhandled.ExceptionObject];
        if (exceptions.All(exception => exception is ConfigurationException or OptionsValidationException || IsConversionFailure(exception)))
        {
            // Named options that share an invalid setting report the same failure.
            Exit([.. exceptions.SelectMany(exception => (exception as OptionsValidationException)?.Failures ?? [exception.Message]).Distinct()]);
        }
    }

    // The configuration binder could not convert a value to the type of its setting; the message names the setting.
    private static bool IsConversionFailure(Exception exception) => exception is InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" };

    // Exits immediately: background services may already be running, and would log that they were interrupted.
    private static Socket Bind(EndPoint endpoint, IHostApplicationBuilder builder)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            Exit($"Cannot listen on {endpoint}: the address is already in use. Stop the process that uses it, or choose another port {GetSetting(endpoint, builder)}.");
            throw;
        }
    }

    private static string GetSetting(EndPoint endpoint, IHostApplicationBuilder builder)
    {
        if (endpoint is IPEndPoint address && address.Port == HealthExtensions.GetPort(builder.Configuration, builder.Environment))
        {
            return "for the probes with the environment variable Health__Port";
        }

        return builder.Environment.IsDevelopment()
            ? "in Properties/launchSettings.json (for 'dotnet run') or with the environment variable ASPNETCORE_URLS"
            : "with the environment variable ASPNETCORE_URLS";
    }

    private static void Exit(params string[] messages)
    {
        Console.Error.WriteLine(string.Join(Environment.NewLine, messages));
        Environment.Exit(1);
    }
}
