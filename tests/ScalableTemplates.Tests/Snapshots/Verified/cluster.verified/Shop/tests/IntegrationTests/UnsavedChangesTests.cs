using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Shop.Api;
using Shop.Shared.Data;
using Shop.Shared.Scheduling;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class UnsavedChangesTests(Backend backend)
{
    [Theory]
    [InlineData("POST", "/unsaved", HttpStatusCode.InternalServerError)]
    [InlineData("POST", "/saved", HttpStatusCode.Accepted)]
    [InlineData("POST", "/refused", HttpStatusCode.Conflict)]
    [InlineData("GET", "/read", HttpStatusCode.OK)]
    public async Task A_successful_response_with_unsaved_changes_is_an_error(string method, string path, HttpStatusCode expected)
    {
        await using var app = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await app.GetTestClient().SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(expected, response.StatusCode);
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        var options = backend.Services.GetRequiredService<DbContextOptions<AppDbContext>>();
        builder.Services.AddScoped(_ => new AppDbContext(options));
        var app = builder.Build();
        app.UseExceptionHandler(error => error.Run(_ => Task.CompletedTask));
        var routes = app.MapGroup("/").FailOnUnsavedChanges();
        routes.MapGet("/read", (AppDbContext db) => TypedResults.Ok(db.ChangeTracker.HasChanges()));
        routes.MapPost("/unsaved", (AppDbContext db) => Change(db));
        routes.MapPost("/refused", (AppDbContext db) => Change(db) is null ? null : TypedResults.Conflict());
        routes.MapPost("/saved", async (AppDbContext db, CancellationToken cancellationToken) =>
        {
            var result = Change(db);
            await db.SaveChangesAsync(cancellationToken);
            return result;
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static Accepted Change(AppDbContext db)
    {
        db.Add(new JobLease { Name = $"test-{Guid.NewGuid()}", DueAt = DateTimeOffset.UtcNow });
        return TypedResults.Accepted("/");
    }
}
