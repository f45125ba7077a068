%% A message to oneself is picked out of the mailbox, from behind nothing and from behind many others.
-module(selective).
-export([main/1]).

main([]) ->
    main(["500000", "50"]);
main(Args) ->
    [Others, Rounds] = [list_to_integer(Arg) || Arg <- Args],
    bench:finish(fun() ->
        Empty = pick(1000 * Rounds),
        [self() ! {other, N} || N <- lists:seq(0, Others - 1)],
        pick(1),
        Full = pick(Rounds),
        Sum = others(Others, 0),
        Sum = Others * (Others - 1) div 2,
        bench:report(1000 * Rounds, Empty, "~b others: ~b~n", [Others, Sum]),
        bench:report(Rounds, Full, "", [])
    end).

%% So many messages to oneself and back out; gives the nanoseconds.
pick(Rounds) ->
    Start = erlang:monotonic_time(),
    rounds(0, Rounds),
    erlang:convert_time_unit(erlang:monotonic_time() - Start, native, nanosecond).

rounds(Rounds, Rounds) ->
    ok;
rounds(N, Rounds) ->
    self() ! {wanted, N},
    receive
        {wanted, Number} -> N = Number
    end,
    rounds(N + 1, Rounds).

others(0, Sum) ->
    Sum;
others(Count, Sum) ->
    receive
        {other, N} -> others(Count - 1, Sum + N)
    end.
