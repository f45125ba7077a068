%% A process sends a list of 1,000 ints to itself and receives it. A list cannot be changed in its place: its first element counts.
-module(copy).
-export([main/1]).

-define(LENGTH, 1000).

main(Args) ->
    Messages = bench:size(Args, 1000000),
    bench:run(fun() ->
        Sum = messages(0, Messages, lists:seq(0, ?LENGTH - 1), 0),
        {Rounds, Rest} = {Messages div ?LENGTH, Messages rem ?LENGTH},
        Sum = ?LENGTH * (Rounds * (Rounds + 1) div 2) + Rest * (Rounds + 1),
        {Messages, "~b copies: ~b~n", [Messages, Sum]}
    end).

messages(Messages, Messages, _, Sum) ->
    Sum;
messages(N, Messages, [_ | Rest], Sum) ->
    Numbers = [N div ?LENGTH + 1 | Rest],
    self() ! Numbers,
    receive
        [Copied | _] -> messages(N + 1, Messages, Numbers, Sum + Copied)
    end.
