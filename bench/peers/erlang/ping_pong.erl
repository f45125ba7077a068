%% Two processes that answer each other.
-module(ping_pong).
-export([main/1]).

main(Args) ->
    Rounds = bench:size(Args, 1000000),
    bench:run(fun() ->
        Other = spawn_link(fun player/0),
        Sum = rounds(0, Rounds, Other, 0),
        Sum = Rounds * (Rounds - 1) div 2,
        {2 * Rounds, "~b rounds: ~b~n", [Rounds, Sum]}
    end).

player() ->
    receive
        {ping, From, N} ->
            From ! {pong, N},
            player()
    end.

rounds(Rounds, Rounds, _, Sum) ->
    Sum;
rounds(N, Rounds, Other, Sum) ->
    Other ! {ping, self(), N},
    receive
        {pong, Answer} -> rounds(N + 1, Rounds, Other, Sum + Answer)
    end.
