%% A token goes round a ring of 503 processes.
-module(thread_ring).
-export([main/1]).

-define(RING, 503).

main(Args) ->
    Passes = bench:size(Args, 5000000),
    bench:run(fun() ->
        Me = self(),
        Ring = [spawn_link(fun() -> start(Number, Me) end) || Number <- lists:seq(1, ?RING)],
        [First | Rest] = Ring,
        [Pid ! {next, Next} || {Pid, Next} <- lists:zip(Ring, Rest ++ [First])],
        First ! {token, Passes},
        Number = bench:sum(1, 0),
        Number = Passes rem ?RING + 1,
        {Passes, "~b passes: ~b~n", [Passes, Number]}
    end).

start(Number, Last) ->
    receive
        {next, Next} -> member(Number, Next, Last)
    end.

member(Number, Next, Last) ->
    receive
        {token, 0} -> Last ! Number;
        {token, N} -> Next ! {token, N - 1}
    end,
    member(Number, Next, Last).
