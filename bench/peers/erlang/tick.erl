%% A process sleeps for a millisecond again and again beside eight that never stop computing.
-module(tick).
-export([main/1]).

-define(HOGS, 8).

main(Args) ->
    Seconds = bench:size(Args, 3),
    bench:finish(fun() ->
        Me = self(),
        spawn_link(fun() -> Me ! {late, ticks(now_ns() + Seconds * 1000000000, [])} end),
        [spawn_link(fun() -> hog(1) end) || _ <- lists:seq(1, ?HOGS)],
        [First | _] = Sorted = lists:sort(receive {late, Late} -> Late end),
        true = First >= 0,
        Count = length(Sorted),
        Percentile = lists:nth(Count * 99 div 100 + 1, Sorted),
        bench:report(Count, Percentile, "~b hogs~n", [?HOGS])
    end).

ticks(Until, Late) ->
    Start = now_ns(),
    case Start < Until of
        true ->
            receive
            after 1 -> ok
            end,
            ticks(Until, [now_ns() - Start - 1000000 | Late]);
        false ->
            Late
    end.

hog(X) ->
    hog((X * 1103515245 + 12345) band 16#3FFFFFF).

now_ns() ->
    erlang:convert_time_unit(erlang:monotonic_time(), native, nanosecond).
