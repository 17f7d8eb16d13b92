"""English."""

from complaints.demo.texts.book import Book, Story, people

STORIES = (
    Story(
        type="billing-charged-twice",
        subject="Charged twice for the {item}",
        text="You took the money for the {item} twice, both times on the third. Order {order}. When I called "
        "last week a man told me it would be back in three days. It is not, and the rent goes out on Friday.",
        items=("filter plan", "descaling kit", "annual service"),
        expectation="The second payment back before Friday.",
        remedy="refund",
        channels=("phone", "web", "email"),
        note="Both charges were captured within a minute of each other; the second has no order behind it. "
        "Same gateway retry as the ones from the weekend.",
        question="So that the refund does not get lost, could you tell me the last four digits of the card "
        "you paid with?",
        reply="4417. It is the blue one, not the one on my account page.",
        answer="You were right: our payment provider sent the same charge twice. The second amount went back "
        "to your card today and your bank will show it within three working days. You should not have had to "
        "call a second time, and I am sorry that you did.",
        summary="Duplicate capture confirmed with the payment provider, second charge refunded in full.",
        cause="system-payment",
    ),
    Story(
        type="product-defective",
        subject="{item} leaks, water under the kitchen floor",
        text="The {item} from order {order} was fine for eleven days. On the twelfth I stepped into a "
        "puddle. The boards in front of the sink have started to lift and my landlord is asking who pays for "
        "them.",
        items=("Coffee machine", "Dishwasher", "Water filter"),
        severity="serious",
        remedy="replacement",
        expectation="A machine that stays dry, and somebody who looks at the floor.",
        channels=("email", "phone", "web"),
        note="Third leak from this batch since October. I have asked the workshop for the numbers of the seals.",
        question="Would you send two photographs of the floor, one from above and one along the edge of the boards?",
        reply="Both attached. The second one shows where it lifts best.",
        answer="The inlet seal on your machine was fitted the wrong way round at the factory. The "
        "replacement comes on the day we agreed, the old one goes back with the driver, and our insurer has "
        "your photographs and will write to your landlord directly.",
        summary="Seal fitted wrongly at the factory. Machine replaced, claim for the floor passed to the insurer.",
        cause="product-production",
    ),
    Story(
        type="delivery-lost",
        subject="Parcel marked delivered, nothing received",
        text="According to the tracking page somebody signed for the {item} at 11:52 on Tuesday. Nobody was "
        "at home at 11:52 on Tuesday. Neighbours on both sides have checked. Order {order}.",
        items=("kettle", "hand blender", "bread maker"),
        note="Carrier says the scan was made two streets away. Waiting for the driver's statement.",
        remedy="replacement",
        channels=("web", "email", "chat"),
        answer="The carrier has admitted that the parcel was left at the wrong address. A new one left our "
        "warehouse this morning with a different carrier, and you will get the tracking number tonight. "
        "There is nothing you need to do about the first one.",
        summary="Carrier left the parcel at a wrong address; second one sent by another carrier.",
        cause="supplier",
    ),
    Story(
        type="service-missed-appointment",
        subject="Engineer did not come, second time",
        text="I took a day off work for each visit. The first time nobody came and nobody rang. The second "
        "time I got a text at six in the evening saying that we had missed each other. We had not: I sat by "
        "the window all day.",
        severity="serious",
        expectation="A visit at an hour that is actually kept.",
        remedy="discount",
        channels=("phone", "web"),
        note="The tour planner dropped the stop when the van changed. Spoke to dispatch, they can hold Thursday 08:00.",
        question="Which of these suits you better: Thursday at 08:00, or Friday after 17:00?",
        reply="Thursday at eight. I start at ten, so please let it be eight.",
        answer="Both times your visit fell out of the plan when the van was changed, and nobody noticed. The "
        "engineer now has your visit as the first of the day and will ring you when she sets off. The "
        "call-out fee is waived.",
        summary="Visit lost twice on replanning. First slot of the day booked, call-out fee waived.",
        cause="process-handover",
    ),
    Story(
        type="obstacle-cannot-cancel",
        subject="Cannot cancel the {item} on the website",
        text="I press the button to cancel the {item}, I am asked whether I am sure, I say yes, and I am "
        "back on the same page. I have tried two browsers and my daughter's telephone. In the meantime you "
        "have charged me for another month.",
        items=("trial", "filter subscription", "care plan"),
        remedy="refund",
        channels=("web", "chat", "social"),
        note="Reproduced with an address that has an apostrophe in it. Bug reported to the web team.",
        answer="Your plan ended on the day you first tried, and the month charged after that is on its way "
        "back to you. The page fails for some addresses; it is being mended, and until then your plan cannot "
        "be renewed by accident.",
        summary="Cancellation page fails for addresses with an apostrophe. Cancelled back-dated, one month refunded.",
        cause="system-software",
    ),
    Story(
        type="service-contradictory",
        subject="Four e-mails, four different answers",
        text="I asked one question: does the {item} fit a 45 cm opening? I was told yes, no, it depends, and "
        "that this is the wrong department. I do not mind which of them is true, I would only like it to be "
        "one of them.",
        items=("slim fridge", "built-in oven", "under-counter freezer"),
        severity="minor",
        channels=("social", "email", "web"),
        answer="It does not fit: it needs 46.2 cm with the hinges. The page said otherwise until yesterday "
        "and so did two of us. The page is corrected, and if you would like the narrower model, it comes at "
        "the price of the one you chose.",
        summary="Wrong measure on the product page. Page corrected, narrower model offered at the same price.",
        cause="information-wrong",
        outcome="partly_upheld",
    ),
    Story(
        type="staff-unhelpful",
        subject="Shop assistant refused the student discount",
        text="I showed my card at the till in the High Street shop and was told that the discount is not "
        "valid in November. It says nothing about November on your website. There was a queue behind me, so "
        "I paid the full price.",
        severity="minor",
        remedy="refund",
        channels=("in_person", "web", "email"),
        question="Do you still have the receipt? The number at the bottom is enough.",
        reply="Yes: 0087-2231.",
        answer="The discount is valid all year and should have been given. The difference is on your card, "
        "and the shop has been told, so that the next student does not have the same conversation.",
        summary="Discount wrongly refused; difference refunded, shop manager informed.",
        cause="people-training",
    ),
    Story(
        type="product-not-as-described",
        subject="Assembly manual for the {item} only in German",
        text="The {item} came with a manual of forty pages, all of them German. The pictures are the size of "
        "a stamp. I have a bag of screws left over and I do not know whether that is good or bad.",
        items=("shelf system", "garden table", "pantry cupboard"),
        severity="minor",
        channels=("web", "email"),
        answer="The English manual is attached to this message, and a printed one is in the post. The bag of "
        "screws is for the wall, so your assembly is most likely fine; page 12 shows how to tell.",
        summary="Wrong manual packed. English manual sent by e-mail and post, packing list corrected.",
        cause="product-packaging",
    ),
    Story(
        type="billing-price",
        subject="Price of the {item} went up between basket and till",
        text="In the basket the {item} was 129.00. On the last page it was 149.00, and that is what you "
        "took. I have a picture of the basket with the time on it. Order {order}.",
        items=("food processor", "stand mixer", "espresso grinder"),
        remedy="refund",
        channels=("web", "email", "chat"),
        note="The offer ended at midnight, the order was placed at 00:04. The basket had been filled at 23:40.",
        answer="The offer ended four minutes before you paid, and our page did not tell you. You could not "
        "have known, so the lower price stands and the difference has been returned. A basket will keep its "
        "price for an hour from now on.",
        summary="Offer expired between basket and payment without notice. Difference returned as goodwill.",
        cause="process-missing-step",
        outcome="partly_upheld",
    ),
    Story(
        type="service-waiting",
        subject="Forty minutes on hold to change a delivery date",
        text="All I wanted was to have the {item} a day later. Forty minutes of piano music, then a voice "
        "said that the office was now closed, and the line went dead. It was ten to six.",
        items=("wardrobe", "freezer", "washing machine"),
        severity="minor",
        channels=("web", "social", "email"),
        answer="We looked at that evening: two people were ill and nobody told the callers. The delivery is "
        "on the day you wanted. We close the line at six and not before, and I can only apologise that it "
        "was cut off that day.",
        summary="Line closed early on a short-staffed evening. Delivery moved as asked, rota looked at with "
        "the team lead.",
        cause="process-missing-step",
    ),
    Story(
        type="product-safety",
        subject="Glass door of the {item} shattered while closed",
        text="Nobody had touched the {item} for an hour when the inner glass of the door burst. There were "
        "splinters as far as the highchair. My son was in the other room. I have swept up and kept the "
        "pieces.",
        items=("oven", "steam oven", "microwave"),
        severity="critical",
        expectation="That nobody else has this in their kitchen.",
        channels=("phone", "email", "web"),
        note="Passed to product safety at once. Please do not close before their report is in.",
        question="Could you send a photograph of the plate inside the frame? It shows when the door was made.",
        reply="Here it is. The number ends in 2209 B, if it is hard to read.",
        answer="The glass in your door came from a batch that was tempered badly. We have stopped selling "
        "the model and are writing to everybody who bought one. Your new oven has the glass of the later "
        "make; thank you for keeping the pieces, they were what proved it.",
        summary="Badly tempered glass, batch traced. Sales stopped, customers of the batch informed, oven replaced.",
        cause="product-production",
    ),
    Story(
        type="delivery-wrong-item",
        subject="Wrong colour of {item} sent twice",
        text="I ordered sage green. First came white, then came a darker white. I would rather have a "
        "discount than wait for a third parcel. Order {order}.",
        items=("toaster", "stool", "bread bin"),
        severity="minor",
        remedy="discount",
        outcome="upheld",
        channels=("email", "web", "chat"),
        answer="Keep the white one, with a third of the price back. The label on the shelf in our warehouse "
        "was wrong; it has been changed, so that sage green is sage green again.",
        summary="Shelf label mixed up in the warehouse. Third of the price returned, label changed.",
        cause="people-mistake",
    ),
)

BOOK = Book(
    greeting="Dear {first},",
    mail_domain="mail.example",
    phone="+44 1632 960 {0:03d}",
    stories=STORIES,
    people=people(
        "Tom Ashdown",
        "Priya Raman",
        "Ingrid Solberg",
        "Callum Reid",
        "Hannah Okafor",
        "George Pemberton",
        "Aoife Brennan",
        "Samir Haddad",
        "Lucy Marchbank",
        "Duncan Fraser",
        "Wei Lin",
        "Bethan Price",
        "Oliver Strand",
        "Nadia Rahimi",
        "Frank Whittle",
        "Rosie Carmichael",
        "Ewan Blackwood",
        "Martha Kings|Martha|martha.kings",
    ),
    acknowledgements=(
        "I have read your complaint and will look after it myself. You will hear from me by tomorrow "
        "evening, also if there is nothing new by then.",
        "Thank you for writing it down so clearly. I am asking the warehouse today and will come back to you "
        "with what they say.",
        "I am sorry you had to go through this. It is with me now; I will find out what happened before I "
        "promise anything.",
    ),
    progress=(
        "A short word on where we are: the workshop has answered, the carrier has not yet. I am ringing them "
        "again tomorrow morning.",
        "Still on it. Accounts need one more day to trace the payment; you do not have to do anything.",
    ),
    chasers=(
        "Is there anything new? I was told Wednesday.",
        "Just so that it does not get forgotten: nobody has called me back yet, and the weekend starts in two hours.",
    ),
    thanks=(
        "Thank you, that was quick in the end.",
        "The money is there. Thank you for sorting it out.",
        "Good, that is fair.",
    ),
    reopened=(
        "It has happened again, exactly the same thing. Please open it once more.",
        "The refund that was promised is still not on my account.",
    ),
    withdrawn=(
        "The neighbour had it after all. Sorry for the trouble.",
        "It has turned up in the meantime, please forget my complaint.",
    ),
    waiting_for="Photographs or numbers from the customer",
    sorted_anew="The text makes clear what it is about",
    handed_on="She knows the warehouse better and is in today",
    notes=(
        "Rang twice, no answer. Trying again after lunch.",
        "Third case this month with the same carrier; I have put it on the list for Thursday's meeting.",
        "Friendly on the phone, mostly wants to be told what is going on.",
    ),
)
