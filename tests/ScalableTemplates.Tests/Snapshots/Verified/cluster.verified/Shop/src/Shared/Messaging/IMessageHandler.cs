namespace Shop.Shared.Messaging;

/// <summary>
/// Handles messages of one type. Change tracked entities and publish messages, but do not save: everything is saved in one
/// transaction with the inbox row, so a redelivered message has no second effect. External calls may be repeated after a crash, so
/// give them an idempotency key. Throw to have the message retried.
/// </summary>
public interface IMessageHandler<in TMessage>
    where TMessage : IMessage
{
    Task HandleAsync(TMessage message, CancellationToken cancellationToken);
}
