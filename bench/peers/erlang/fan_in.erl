%% A hundred processes send to one.
-module(fan_in).
-export([main/1]).

-define(SENDERS, 100).

main(Args) ->
    Messages = bench:size(Args, 50000),
    bench:run(fun() ->
        Me = self(),
        [spawn_link(fun() -> send(0, Messages, Me) end) || _ <- lists:seq(1, ?SENDERS)],
        All = ?SENDERS * Messages,
        Sum = bench:sum(All, 0),
        Sum = ?SENDERS * (Messages * (Messages - 1) div 2),
        {All, "~b messages: ~b~n", [All, Sum]}
    end).

send(Messages, Messages, _) ->
    ok;
send(N, Messages, To) ->
    To ! N,
    send(N + 1, Messages, To).
