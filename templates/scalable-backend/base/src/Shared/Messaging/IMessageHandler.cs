namespace ScalableBackend.Shared.Messaging;

/// <summary>
/// One job that a message sets off. Change tracked entities and publish messages; do not save: all of it is saved in
/// one transaction together with the note that this message is done, so a redelivered message has no second effect.
/// Calls to the outside may be repeated after a crash, so give them an idempotency key.
/// Throw to have the message delivered again later.
/// </summary>
public interface IMessageHandler<in TMessage>
    where TMessage : IMessage
{
    Task HandleAsync(TMessage message, CancellationToken cancellationToken);
}
